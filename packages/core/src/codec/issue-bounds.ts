// A hostile payload may have a million errors. These limit the time to process them and the length of the result.

/** The number of errors of a schema that are read. */
export const maximumErrors = 256
/** The number of issues of a decode error. */
export const maximumIssues = 16
/** The length of the part of an issue's message that comes from a schema. */
export const maximumExpectationLength = 120
