/** Returns whether a value is a number. */
export function isNumber(value: unknown): value is number {
  return typeof value === 'number'
}

/** Returns whether a value is a text. */
export function isText(value: unknown): value is string {
  return typeof value === 'string'
}

/** Returns whether an optional field is valid. */
export function isAbsentOr(value: unknown, isValid: (value: unknown) => boolean): boolean {
  return value === undefined || isValid(value)
}
