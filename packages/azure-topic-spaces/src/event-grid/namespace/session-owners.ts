/** The authentication names of the clients that have sessions, connected or not. */
export class SessionOwners {
  readonly #owners = new Map<string, string>()

  add(sessionName: string, authenticationName: string): void {
    this.#owners.set(sessionName, authenticationName)
  }

  delete(sessionName: string): void {
    this.#owners.delete(sessionName)
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
