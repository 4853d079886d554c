/** An entry of a tree. Entries with the same path, such as the groups of a shared filter, form a chain. */
export interface TreeEntry<E> {
  /** The filter, without its group, or the topic name. */
  readonly selector: string
  /** Whether it is found by a walk from the root, because a map look-up by topic cannot find it. */
  readonly isWalked: boolean
  /** The next entry of the chain. */
  next: E | undefined
}

/** Path compression: a lone entry is stored at the first level it does not share. */
export type Slot<E extends TreeEntry<E>> = Branch<E> | E

/** A level that at least two different paths share. */
export class Branch<E extends TreeEntry<E>> {
  /** The chain of entries whose path ends at this level. */
  ending: E | undefined
  /** The chain of entries whose path continues with `#`. */
  hash: E | undefined
  /** The paths that continue with `+`. */
  plus: Slot<E> | undefined
  /** The paths that continue with another level. */
  readonly children: Map<string, Slot<E>> = new Map()
  /** The number of entries at or below this level with `isWalked`. */
  walkedCount = 0
  /** The index in a selector at which the levels below this one begin. */
  readonly offset: number

  constructor(offset = 0) {
    this.offset = offset
  }
}

/** Inserts an entry. */
export function insert<E extends TreeEntry<E>>(root: Branch<E>, entry: E): void {
  const levels = entry.selector.split('/')
  let branch = root
  let displacedEntry: E | undefined
  let displacedLevels: readonly string[] = []
  for (let depth = 0; ; depth += 1) {
    if (entry.isWalked) branch.walkedCount += 1
    const slot = slotAt(branch, levels[depth])
    if (slot instanceof Branch) {
      branch = slot
    } else if (slot === undefined || slot.selector === entry.selector) {
      entry.next = slot
      setSlot(branch, levels[depth], entry)
      return
    } else {
      if (slot !== displacedEntry) displacedLevels = slot.selector.split('/')
      displacedEntry = slot
      const deeper = new Branch<E>(branch.offset + (levels[depth] ?? '').length + 1)
      deeper.walkedCount = chainOf(slot).filter(({ isWalked }) => isWalked).length
      setSlot(deeper, displacedLevels[depth + 1], slot)
      setSlot(branch, levels[depth], deeper)
      branch = deeper
    }
  }
}

/** Removes an entry of the tree and every branch that only it needed. */
export function remove<E extends TreeEntry<E>>(root: Branch<E>, entry: E): void {
  const visited: { readonly branch: Branch<E>; readonly level: string | undefined }[] = []
  const levels = entry.selector.split('/')
  let slot: Slot<E> | undefined = root
  while (slot instanceof Branch) {
    const level = levels[visited.length]
    visited.push({ branch: slot, level })
    slot = slotAt(slot, level)
  }
  slot = withoutEntry(slot, entry)
  for (const { branch, level } of visited.reverse()) {
    if (entry.isWalked) branch.walkedCount -= 1
    setSlot(branch, level, slot)
    slot = soleEntry(branch) ?? branch
  }
}

/** Returns the entries with this selector. */
export function chainAt<E extends TreeEntry<E>>(root: Branch<E>, selector: string): E[] {
  const levels = selector.split('/')
  let slot: Slot<E> | undefined = root
  for (let depth = 0; slot instanceof Branch; depth += 1) slot = slotAt(slot, levels[depth])
  return slot?.selector === selector ? chainOf(slot) : []
}

/** Returns an entry and those after it in its chain. */
export function chainOf<E extends TreeEntry<E>>(head: E): E[] {
  const chain: E[] = []
  for (let entry: E | undefined = head; entry !== undefined; entry = entry.next) chain.push(entry)
  return chain
}

function slotAt<E extends TreeEntry<E>>(branch: Branch<E>, level: string | undefined): Slot<E> | undefined {
  if (level === undefined) return branch.ending
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
  // A path ends after `#` or its last level, so the slot is never a branch.
  else if (level === '#') branch.hash = slot as E | undefined
  else branch.ending = slot as E | undefined
}

function setChild<S>(children: Map<string, S>, level: string, slot: S | undefined): void {
  if (slot === undefined) children.delete(level)
  else children.set(children.has(level) ? level : detachedCopy(level), slot)
}

/** Copies a level, because a slice would keep the whole filter in memory for as long as the key is used. */
function detachedCopy(level: string): string {
  return [...level].join('')
}

/** Removes an entry from a chain and returns the rest; `undefined` if nothing is left. */
function withoutEntry<E extends TreeEntry<E>>(head: E | undefined, entry: E): E | undefined {
  if (head === entry) return entry.next
  const previous = head === undefined ? undefined : chainOf(head).find(({ next }) => next === entry)
  if (previous !== undefined) previous.next = entry.next
  return head
}

/** Returns the only chain of a branch; `undefined` if the branch is still needed. */
function soleEntry<E extends TreeEntry<E>>({ ending: here, hash, plus, children }: Branch<E>): E | undefined {
  if (children.size > 1) return undefined
  const slots = [here, hash, plus, ...children.values()].filter((slot) => slot !== undefined)
  return slots.length > 1 || slots[0] instanceof Branch ? undefined : slots[0]
}
