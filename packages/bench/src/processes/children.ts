const children = new Set<() => void>()

process.once('exit', () => {
  for (const kill of children) kill()
})

/** Has a process killed when this one ends; what it returns takes that back. */
export function endWithUs(kill: () => void): () => void {
  children.add(kill)
  return () => void children.delete(kill)
}
