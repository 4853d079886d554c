/** The name of this library in the tables. */
export const antiphon = 'Antiphon'

/** The name of the hand-written contestant that all others are compared with. */
export const byHand = 'Map'
