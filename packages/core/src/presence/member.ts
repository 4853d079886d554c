/** A group in which a member serves requests. */
export interface MemberGroup {
  /** The name of the group, such as the `group` of `requests$`. */
  readonly name: string
  /** The topic or topic filter on which the member receives the requests of the group. */
  readonly topic: string
}

/** What a member announces about itself, besides its client id. */
export interface MemberDetails {
  /** The groups in which it serves requests. @defaultValue none */
  readonly groups?: readonly MemberGroup[]
  /** The topic on which the member receives exchange control messages. @defaultValue none */
  readonly controlTopic?: string
  /** Anything that JSON can represent, such as a version or a location. @defaultValue none */
  readonly metadata?: Readonly<Record<string, unknown>>
}

/** A client that has announced itself and is not known to have gone. */
export interface Member extends MemberDetails {
  /** The client id, which is that of the announcement's topic. */
  readonly clientId: string
  /** Differs between two runs of a program under the same client id. */
  readonly instanceId: string
  /** When the instance started, in milliseconds since 1970 by its clock. */
  readonly startedAt: number
  /** The groups in which it serves requests; empty if it has announced none. */
  readonly groups: readonly MemberGroup[]
  /** What it says of itself; empty if it has announced nothing. */
  readonly metadata: Readonly<Record<string, unknown>>
}
