/// <reference types="vite/client" />

/** The URL of the broker, which Vite writes into the pages. */
export const brokerUrl: string = import.meta.env['VITE_BROKER_URL'] as string
