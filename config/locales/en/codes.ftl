# Names of workflow steps: step-<kind>-<action>, or step-<action> where kinds share one. Codes and choices have theirs in config/codes.
