interface Node<V> {
  readonly children: Map<string, Node<V>>
  readonly values: Set<V>
}

function node<V>(): Node<V> {
  return { children: new Map(), values: new Set() }
}

/** Values under filters, found by topic. */
export class TopicTrie<V> {
  readonly #root = node<V>()

  add(filter: string, value: V): void {
    let at = this.#root
    for (const level of filter.split('/')) {
      let child = at.children.get(level)
      if (child === undefined) at.children.set(level, (child = node()))
      at = child
    }
    at.values.add(value)
  }

  delete(filter: string, value: V): void {
    const path: Node<V>[] = [this.#root]
    const levels = filter.split('/')
    for (const level of levels) {
      const child = path[path.length - 1]?.children.get(level)
      if (child === undefined) return
      path.push(child)
    }
    path[levels.length]?.values.delete(value)
    for (let depth = levels.length; depth > 0; depth--) {
      const at = path[depth]
      if (at === undefined || at.values.size > 0 || at.children.size > 0) return
      path[depth - 1]?.children.delete(levels[depth - 1] as string)
    }
  }

  match(topic: string, visit: (value: V) => void): void {
    walk(this.#root, topic.split('/'), 0, visit)
  }
}

function walk<V>(at: Node<V>, levels: readonly string[], depth: number, visit: (value: V) => void): void {
  const isHidden = depth === 0 && levels[0]?.startsWith('$') === true
  if (!isHidden) at.children.get('#')?.values.forEach(visit)
  const level = levels[depth]
  if (level === undefined) return at.values.forEach(visit)
  const exact = at.children.get(level)
  if (exact !== undefined) walk(exact, levels, depth + 1, visit)
  const plus = isHidden ? undefined : at.children.get('+')
  if (plus !== undefined) walk(plus, levels, depth + 1, visit)
}
