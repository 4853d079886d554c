import { isJsonObject, toUtf8 } from '@antiphon/core/codec'
import type { JsonObject, ShadowDocument, ShadowState } from '../shadow/documents.js'
import { Rejected } from './rejected.js'
import { difference, merge, toMetadata, toState, type Tree } from './shadow-tree.js'

/** The largest state of a shadow, in bytes of JSON. */
const MAX_SIZE = 8 * 1_024

/** The levels that a section may have. */
const MAX_LEVELS = 6

/** Seconds for which the version of a removed shadow is kept. */
const VERSION_KEPT = 48 * 3_600

const SECTIONS = ['desired', 'reported'] as const

type Sections = { readonly [Name in (typeof SECTIONS)[number]]?: Tree }

interface StoredShadow {
  /** `undefined` if the shadow was removed. */
  readonly sections: Sections | undefined
  readonly version: number
  readonly timestamp: number
}

/** A message that the service sends beside its response. */
export type Notify = (kind: string, document: object) => void

/** The shadows of a local service. They follow the rules that AWS has published for them. */
export class ShadowService {
  readonly #shadows = new Map<string, StoredShadow>()

  /** Returns a shadow; throws `Rejected` if it does not exist. */
  get(name: string): ShadowDocument {
    this.#require(name)
    return this.find(name) as ShadowDocument
  }

  /** Returns a shadow, if it exists. */
  find(name: string): ShadowDocument | undefined {
    const stored = this.#shadows.get(name)
    if (stored?.sections === undefined) return undefined
    const { sections, version, timestamp } = stored
    const delta = difference(sections.desired ?? new Map(), sections.reported)
    const document = documentOf({ sections, version, timestamp })
    return delta.size === 0 ? document : { ...document, state: { ...document.state, delta: toState(delta) } }
  }

  /** Updates a shadow, and returns the accepted changes. */
  update(name: string, { state, version }: JsonObject, now: number, notify: Notify): ShadowDocument {
    const changes = requireState(state)
    const previous = this.#shadows.get(name)
    const isForgotten = previous?.sections === undefined && now - (previous?.timestamp ?? 0) > VERSION_KEPT
    const current = isForgotten ? 0 : (previous?.version ?? 0)
    if (version !== undefined && !Number.isSafeInteger(version)) throw new Rejected(400, 'Invalid version')
    if (version !== undefined && version !== current) throw new Rejected(409, 'Version conflict')
    const sections = withChanges(previous?.sections ?? {}, changes, now)
    requireSize(documentOf({ sections, version: 0, timestamp: 0 }).state)
    const stored = { sections, version: current + 1, timestamp: now }
    this.#shadows.set(name, stored)
    const { state: _, ...document } = documentOf({ ...stored, sections: withChanges({}, changes, now) })
    const delta = difference(sections.desired ?? new Map(), sections.reported)
    if (delta.size > 0) notify('delta', { ...document, state: toState(delta), metadata: toMetadata(delta) })
    notify('documents', {
      ...(previous?.sections && { previous: documentOf({ ...previous, sections: previous.sections }) }),
      current: documentOf(stored),
      timestamp: now,
    })
    return { ...document, state: changes }
  }

  /** Removes a shadow, and returns its version. */
  delete(name: string, now: number): object {
    const { version } = this.#require(name)
    this.#shadows.set(name, { sections: undefined, version, timestamp: now })
    return { version, timestamp: now }
  }

  #require(name: string): StoredShadow {
    const shadow = this.#shadows.get(name)
    if (shadow?.sections === undefined) throw new Rejected(404, `No shadow exists with name: '${name}'`)
    return shadow
  }
}

function documentOf({
  sections,
  version,
  timestamp,
}: StoredShadow & { readonly sections: Sections }): ShadowDocument {
  const of = (read: (section: Tree) => JsonObject): JsonObject =>
    Object.fromEntries(
      SECTIONS.flatMap((name) => {
        const section = sections[name]
        return section === undefined ? [] : [[name, read(section)]]
      }),
    )
  return { state: of(toState), metadata: of(toMetadata), version, timestamp }
}

function withChanges(sections: Sections, changes: JsonObject, now: number): Sections {
  const changed = SECTIONS.flatMap((name) => {
    const change = changes[name] === undefined ? {} : changes[name]
    if (change === null || (sections[name] === undefined && changes[name] === undefined)) return []
    return [[name, merge(sections[name], change as JsonObject, now)]]
  })
  return Object.fromEntries(changed) as Sections
}

function requireState(state: unknown): JsonObject {
  if (state === undefined) throw new Rejected(400, 'Missing required node: state')
  if (!isJsonObject(state)) throw new Rejected(400, 'State node must be an object')
  for (const [name, section] of Object.entries(state)) {
    const title = name === 'desired' ? 'Desired' : name === 'reported' ? 'Reported' : undefined
    if (title === undefined) throw new Rejected(400, `State contains an invalid node: '${name}'`)
    if (section !== null && !isJsonObject(section)) throw new Rejected(400, `${title} node must be an object`)
    if (levelsOf(section) > MAX_LEVELS)
      throw new Rejected(400, `JSON contains too many levels of nesting; maximum is ${MAX_LEVELS}`)
    if (hasNullInArray(section)) throw new Rejected(400, 'State contains an invalid node')
  }
  return state
}

function requireSize(state: ShadowState): void {
  if (toUtf8(JSON.stringify(state)).length > MAX_SIZE)
    throw new Rejected(413, 'The payload exceeds the maximum size allowed')
}

function levelsOf(value: unknown): number {
  return isJsonObject(value) ? Math.max(0, ...Object.values(value).map((inner) => 1 + levelsOf(inner))) : 0
}

function hasNullInArray(value: unknown): boolean {
  if (Array.isArray(value)) return value.some((item) => item === null || hasNullInArray(item))
  return isJsonObject(value) && Object.values(value).some(hasNullInArray)
}
