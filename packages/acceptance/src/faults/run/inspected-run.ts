/** An exchange as the inspector shows it. */
export interface InspectedExchange {
  /** The client id of its requester. */
  readonly requester: string
  readonly endpoint: string
  /** The name of the request or stream; `undefined` if it was never sent. */
  readonly name: string | undefined
  /** How it ended; `undefined` if it is pending. */
  readonly outcome: string | undefined
}

/** A run as the inspector shows it, as plain JSON. */
export interface InspectedRun {
  readonly exchanges: readonly InspectedExchange[]
  /** The number of handler runs on the endpoint of the fault bench, by responder. */
  readonly handlerRuns: Readonly<Record<string, number>>
  /** Events that a sink has dropped, and exchanges that the inspector has no room for. */
  readonly lost: number
  /** Lines that are not events; a process that is killed may leave one. */
  readonly unreadable: number
}
