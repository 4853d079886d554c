/**
 * Returns the line of a syntax error in a program, of which browsers tell in different ways: Firefox and Safari by a property
 * of the error, Chromium only in the event of an error that is not caught.
 *
 * @param lines - The number of lines of the program; an end that is missing is found after the last one.
 */
export function syntaxErrorLine(error: SyntaxError, lines: number): number | undefined {
  const { lineNumber, line } = error as { readonly lineNumber?: number; readonly line?: number }
  const found = lineNumber ?? line ?? reportedLine(error)
  return found === undefined || found < 1 ? undefined : Math.min(found, lines)
}

function reportedLine(error: SyntaxError): number | undefined {
  let line: number | undefined
  const onError = (event: ErrorEvent): void => {
    event.preventDefault()
    line = event.lineno
  }
  globalThis.addEventListener('error', onError)
  reportError(error)
  globalThis.removeEventListener('error', onError)
  return line
}
