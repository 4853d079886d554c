/** What this library is called in the tables. */
export const antiphon = 'Antiphon'

/** The one written by hand that everything is compared with. */
export const byHand = 'Map'
