/** What is wrong with a line of a file. */
export interface LineFault {
  /** From 1. */
  readonly line: number
  readonly text: string
}

/** The contents of a file, and what is wrong with its lines. */
export interface FileContents<T> {
  readonly value: T
  readonly faults: readonly LineFault[]
}

/** Calls back with each line that is neither empty nor a comment; the callback returns what is wrong with it. */
export function readLines(
  text: string,
  read: (line: string, number: number) => string | undefined,
): readonly LineFault[] {
  const faults: LineFault[] = []
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const fault = read(line, index + 1)
    if (fault !== undefined) faults.push({ line: index + 1, text: fault })
  }
  return faults
}
