/** The authentication names of the clients that have sessions, connected or not. */
export class SessionOwners {
  readonly #owners = new Map<string, string>()
  readonly #onChange: (sessionName: string, authenticationName: string | undefined) => void

  /** Calls `onChange` for each owner that is added or deleted. */
  constructor(onChange: (sessionName: string, authenticationName: string | undefined) => void) {
    this.#onChange = onChange
  }

  /** Adds an owner of an earlier run, without a call of `onChange`. */
  restore(sessionName: string, authenticationName: string): void {
    this.#owners.set(sessionName, authenticationName)
  }

  add(sessionName: string, authenticationName: string): void {
    if (this.#owners.get(sessionName) === authenticationName) return
    this.#owners.set(sessionName, authenticationName)
    this.#onChange(sessionName, authenticationName)
  }

  delete(sessionName: string): void {
    if (this.#owners.delete(sessionName)) this.#onChange(sessionName, undefined)
  }

  /** Deletes the owners of all other sessions. */
  retain(sessionNames: readonly string[]): void {
    const retained = new Set(sessionNames)
    for (const sessionName of this.#owners.keys()) if (!retained.has(sessionName)) this.delete(sessionName)
  }

  ownerOf(sessionName: string): string | undefined {
    return this.#owners.get(sessionName)
  }

  sessionsOf(authenticationName: string): readonly string[] {
    return [...this.#owners].flatMap(([sessionName, owner]) =>
      owner === authenticationName ? [sessionName] : [],
    )
  }
}
