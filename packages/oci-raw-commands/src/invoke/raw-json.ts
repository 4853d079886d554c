/** JSON text that is sent as it is written; created by `rawJson`. */
export class RawJson {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/**
 * Wraps JSON text as `requestData`, so that the device gets its numbers and the order of its members as they are written.
 * Throws a `SyntaxError` if the text is not JSON.
 *
 * @example
 * ```ts
 * const requestData = rawJson('{"serial":12345678901234567890,"gain":1.0}')
 * ```
 */
export function rawJson(text: string): RawJson {
  JSON.parse(text)
  return new RawJson(text)
}

/** Formats an object as JSON; members that are `RawJson` keep their text. */
export function toJsonText(object: object): string {
  const members = Object.entries(object).flatMap(([name, value]: [string, unknown]) => {
    const text = value instanceof RawJson ? value.text : JSON.stringify(value)
    return text === undefined ? [] : [`${JSON.stringify(name)}:${text}`]
  })
  return `{${members.join(',')}}`
}
