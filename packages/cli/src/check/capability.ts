import type { ConnectionInfo, Link } from '@antiphon/core'

/** What the report says about one capability. */
export interface Capability {
  readonly name: string
  /** Whether the broker can do it; absent if that is not known, or if it is a fact. */
  readonly isSupported?: boolean
  readonly detail: string
}

/** What the tests of capabilities work with. */
export interface CheckContext {
  readonly link: Link
  /** A second client, with a Receive Maximum of 3. */
  readonly second: Link
  readonly info: ConnectionInfo
  /** The topic below which all messages are published. */
  readonly prefix: string
  /** How long one test may take, in milliseconds. */
  readonly timeout: number
}

/** A test of one capability. */
export interface CapabilityTest {
  readonly name: string
  readonly run: (context: CheckContext) => Promise<Omit<Capability, 'name'>>
}
