# Labels of closed choices, choice-<kind>-<field>-<choice> or choice-<field>-<choice>, and of workflow steps, step-<kind>-<action> or step-<action>.
