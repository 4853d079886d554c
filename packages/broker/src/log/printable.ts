// Control characters, and the separators that some terminals and log readers take for line ends.
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g

/** Escapes the control characters of a text, with which a client could forge lines of a log or control a terminal. */
export function toPrintable(text: string): string {
  return text.replace(control, (character) => {
    const code = character.charCodeAt(0)
    return `\\u${code.toString(16).padStart(4, '0')}`
  })
}
