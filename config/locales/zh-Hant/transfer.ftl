# Import, export and reports.
