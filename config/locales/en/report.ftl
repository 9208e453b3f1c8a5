# Reports and paper forms.
