/** What hangs in a tree; entries of one and the same place, such as the groups that share a filter, form a chain. */
export interface TreeEntry<E> {
  /** The filter, without its group, or the topic name. */
  readonly selector: string
  /** Whether a walk from the root has to find it, because no look-up by the whole topic does. */
  readonly isWalked: boolean
  next: E | undefined
}

/** An entry that has everything below a level to itself hangs there at once, however long its path. */
export type Slot<E extends TreeEntry<E>> = Branch<E> | E

/** A level where paths part, or where one ends and others go on: at least two places lie at or below it. */
export class Branch<E extends TreeEntry<E>> {
  /** What ends at this very level. */
  here: E | undefined
  /** What goes on with `#`. */
  hash: E | undefined
  /** What goes on with `+`. */
  plus: Slot<E> | undefined
  readonly children: Map<string, Slot<E>> = new Map()
  /** How many entries at or below this level have to be walked to. */
  walked = 0
  /** Where in the selectors of all that lies below their further levels begin. */
  readonly offset: number

  constructor(offset = 0) {
    this.offset = offset
  }
}

/** Hangs an entry into the tree. */
export function insert<E extends TreeEntry<E>>(root: Branch<E>, entry: E): void {
  const levels = entry.selector.split('/')
  let branch = root
  let displaced: E | undefined
  let displacedLevels: readonly string[] = []
  for (let depth = 0; ; depth += 1) {
    if (entry.isWalked) branch.walked += 1
    const slot = slotAt(branch, levels[depth])
    if (slot instanceof Branch) {
      branch = slot
    } else if (slot === undefined || slot.selector === entry.selector) {
      entry.next = slot
      setSlot(branch, levels[depth], entry)
      return
    } else {
      if (slot !== displaced) displacedLevels = slot.selector.split('/')
      displaced = slot
      const deeper = new Branch<E>(branch.offset + (levels[depth] ?? '').length + 1)
      deeper.walked = chainOf(slot).filter(({ isWalked }) => isWalked).length
      setSlot(deeper, displacedLevels[depth + 1], slot)
      setSlot(branch, levels[depth], deeper)
      branch = deeper
    }
  }
}

/** Takes an entry that hangs in the tree out of it, and every branch that only it needed. */
export function remove<E extends TreeEntry<E>>(root: Branch<E>, entry: E): void {
  const path: { readonly branch: Branch<E>; readonly level: string | undefined }[] = []
  const levels = entry.selector.split('/')
  let slot: Slot<E> | undefined = root
  while (slot instanceof Branch) {
    const level = levels[path.length]
    path.push({ branch: slot, level })
    slot = slotAt(slot, level)
  }
  slot = withoutEntry(slot, entry)
  for (const { branch, level } of path.reverse()) {
    if (entry.isWalked) branch.walked -= 1
    setSlot(branch, level, slot)
    slot = soleEntry(branch) ?? branch
  }
}

/** The entries whose path is the selector's. */
export function chainAt<E extends TreeEntry<E>>(root: Branch<E>, selector: string): E[] {
  const levels = selector.split('/')
  let slot: Slot<E> | undefined = root
  for (let depth = 0; slot instanceof Branch; depth += 1) slot = slotAt(slot, levels[depth])
  return slot?.selector === selector ? chainOf(slot) : []
}

/** An entry with all that share its place. */
export function chainOf<E extends TreeEntry<E>>(head: E): E[] {
  const chain: E[] = []
  for (let entry: E | undefined = head; entry !== undefined; entry = entry.next) chain.push(entry)
  return chain
}

function slotAt<E extends TreeEntry<E>>(branch: Branch<E>, level: string | undefined): Slot<E> | undefined {
  if (level === undefined) return branch.here
  if (level === '#') return branch.hash
  if (level === '+') return branch.plus
  return branch.children.get(level)
}

function setSlot<E extends TreeEntry<E>>(
  branch: Branch<E>,
  level: string | undefined,
  slot: Slot<E> | undefined,
): void {
  if (level === '+') branch.plus = slot
  else if (level !== undefined && level !== '#') setChild(branch.children, level, slot)
  // Nothing lies below the end of a path, so there is no branch to come by.
  else if (level === '#') branch.hash = slot as E | undefined
  else branch.here = slot as E | undefined
}

function setChild<S>(children: Map<string, S>, level: string, slot: S | undefined): void {
  if (slot === undefined) children.delete(level)
  else children.set(children.has(level) ? level : ownCopy(level), slot)
}

/** A slice of a longer text keeps all of it in memory; a key must not, for it outlives the filter it was cut from. */
function ownCopy(level: string): string {
  return [...level].join('')
}

/** The chain without one entry of it; `undefined` when nothing is left. */
function withoutEntry<E extends TreeEntry<E>>(head: E | undefined, entry: E): E | undefined {
  if (head === entry) return entry.next
  const before = head === undefined ? undefined : chainOf(head).find(({ next }) => next === entry)
  if (before !== undefined) before.next = entry.next
  return head
}

/** The one entry, or chain, that is left of a branch which has become needless. */
function soleEntry<E extends TreeEntry<E>>({ here, hash, plus, children }: Branch<E>): E | undefined {
  if (children.size > 1) return undefined
  const places = [here, hash, plus, ...children.values()].filter((slot) => slot !== undefined)
  return places.length > 1 || places[0] instanceof Branch ? undefined : places[0]
}
