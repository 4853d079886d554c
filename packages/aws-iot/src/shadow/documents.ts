import type { Codec } from '@antiphon/core'
import { isJsonObject, objectCodec } from '@antiphon/core/codec'
import { isAbsentOr, isNumber, isText } from '../service/guards.js'
import type { ServiceRequest } from '../service/request.js'

/** An object of JSON. */
export type JsonObject = Readonly<Record<string, unknown>>

/** The sections of a shadow. */
export interface ShadowState {
  /** What applications want the device to be. */
  readonly desired?: JsonObject
  /** What the device says it is. */
  readonly reported?: JsonObject
  /** What is desired and differs from what is reported; only if a shadow was requested. */
  readonly delta?: JsonObject
}

/** A shadow, or the part of it that was updated. */
export interface ShadowDocument {
  readonly state: ShadowState
  /** The time of the latest change of each value of the state, in seconds since 1970. */
  readonly metadata?: JsonObject
  /** The number of the latest update. */
  readonly version: number
  /** The time of this document, in seconds since 1970. */
  readonly timestamp?: number
}

/** What a device has to change to be as desired. */
export interface ShadowDelta extends Omit<ShadowDocument, 'state'> {
  readonly state: JsonObject
}

/** A shadow before and after an update. */
export interface ShadowChange {
  /** Absent if the update has created the shadow. */
  readonly previous?: ShadowDocument
  readonly current: ShadowDocument
  readonly timestamp?: number
}

/** Changes of a shadow: values by name, of which `null` removes one. A section that is `null` is removed. */
export interface ShadowUpdate {
  readonly desired?: JsonObject | null
  readonly reported?: JsonObject | null
  /** The expected version. If the shadow has another one, the update fails with the status 409. @defaultValue any */
  readonly version?: number
}

/** An update of a shadow, as it is on the wire. */
export interface ShadowUpdateRequest extends ServiceRequest {
  readonly state: Omit<ShadowUpdate, 'version'>
  readonly version?: number
}

/** A removed shadow. */
export interface RemovedShadow {
  readonly version: number
  readonly timestamp?: number
}

/** The codec of updates. */
export const updateCodec: Codec<ShadowUpdateRequest> = objectCodec(
  'an update with clientToken and state',
  (frame): frame is Record<string, unknown> & ShadowUpdateRequest =>
    isText(frame['clientToken']) && isState(frame['state']) && isAbsentOr(frame['version'], isNumber),
)

/** The codec of shadows, and of accepted updates. */
export const documentCodec: Codec<ShadowDocument> = objectCodec('a shadow with state and version', isDocument)

/** The codec of deltas. */
export const deltaCodec: Codec<ShadowDelta> = objectCodec(
  'a delta with state and version',
  (frame): frame is Record<string, unknown> & ShadowDelta =>
    isJsonObject(frame['state']) && isNumber(frame['version']),
)

/** The codec of changes. */
export const changeCodec: Codec<ShadowChange> = objectCodec(
  'a change with the current document',
  (frame): frame is Record<string, unknown> & ShadowChange =>
    isDocument(frame['current']) && isAbsentOr(frame['previous'], isDocument),
)

/** The codec of removed shadows. */
export const removedCodec: Codec<RemovedShadow> = objectCodec(
  'a version',
  (frame): frame is Record<string, unknown> & RemovedShadow => isNumber(frame['version']),
)

function isDocument(value: unknown): value is Record<string, unknown> & ShadowDocument {
  return isJsonObject(value) && isState(value['state']) && isNumber(value['version'])
}

function isState(value: unknown): boolean {
  return (
    isJsonObject(value) &&
    ['desired', 'reported', 'delta'].every(
      (name) => value[name] === null || isAbsentOr(value[name], isJsonObject),
    )
  )
}
