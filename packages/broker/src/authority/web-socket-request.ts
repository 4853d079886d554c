/** The HTTP request that opened a WebSocket. All of it comes from the client, except what a proxy has added. */
export interface WebSocketRequest {
  readonly path: string
  readonly query: URLSearchParams
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly cookies: ReadonlyMap<string, string>
}
