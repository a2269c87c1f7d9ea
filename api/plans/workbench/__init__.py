"""/plans/{id}/edit: the planner's workbench, and the columns that it draws a plan from."""
