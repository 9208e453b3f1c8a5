# Field labels: field-<kind>-<field>, or field-<field> where kinds share one.
