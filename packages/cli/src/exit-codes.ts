/** The exit codes of the command. */
export const exitCodes = {
  answered: 0,
  unexpected: 1,
  usage: 2,
  timeout: 3,
  noResponder: 4,
  status: 5,
  decode: 6,
  refused: 7,
  connection: 8,
  mismatch: 9,
  interrupted: 130,
  closedPipe: 141,
  terminated: 143,
} as const
