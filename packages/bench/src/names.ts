/** The name of this library in the tables. */
export const antiphon = 'Antiphon'

/** The name of this library with an observer of its exchanges. */
export const observedAntiphon = 'Antiphon, observed'

/** The name of this library with the optional checks of requests and responses. */
export const checkedAntiphon = 'Antiphon, checks'

/** The name of the hand-written contestant that all others are compared with. */
export const byHand = 'Map'

/** The name of the contestant on raw sockets, below which no client can be. */
export const floor = 'floor'
