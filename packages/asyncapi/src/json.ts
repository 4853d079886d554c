/** A value of JSON. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject

/** An object of JSON. */
export interface JsonObject {
  readonly [name: string]: Json
}

/** Whether a value is an object other than an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Returns the text of a value with sorted keys, so that equal values have equal texts. */
export function canonical(value: Json): string {
  return JSON.stringify(value, (_, part: Json) =>
    isObject(part)
      ? Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1)))
      : part,
  )
}

/** Appends a step to a JSON pointer [RFC 6901]. */
export function appendToPointer(pointer: string, step: string | number): string {
  return `${pointer}/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/** Returns the steps of a JSON pointer such as `#/channels/a~1b`. */
export function stepsOf(pointer: string): readonly string[] {
  return pointer
    .slice(2)
    .split('/')
    .map((step) => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** Returns the object without the properties that are `undefined`. */
export function withoutUndefined(properties: Readonly<Record<string, Json | undefined>>): JsonObject {
  return Object.fromEntries(
    Object.entries(properties).filter((entry): entry is [string, Json] => entry[1] !== undefined),
  )
}

/** Returns the name, with a number from 2 if it is taken. */
export function unusedName(name: string, taken: readonly string[]): string {
  if (!taken.includes(name)) return name
  for (let index = 2; ; index += 1) if (!taken.includes(`${name}${index}`)) return `${name}${index}`
}
