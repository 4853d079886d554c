/** What this process was told to be. */
export function told<T>(): T {
  return JSON.parse(process.argv[2] ?? '{}') as T
}

/** Tells the process that started this one. */
export function tell(word: string): void {
  process.send?.(word)
}

/** Calls back at each word of the process that started this one; ends with it. */
export function whenTold(actions: Readonly<Record<string, () => void>>): void {
  process.on('message', (word: string) => actions[word]?.())
  process.on('disconnect', () => process.exit())
}
