"""Published editions (版次): read, compiled, in force when, and what became of each grid."""
