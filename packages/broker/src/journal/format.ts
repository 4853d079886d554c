import { AntiphonError } from '@antiphon/core'

/**
 * The format of the records that this version writes. Raise it when a version that does not know the change would lose
 * something, and let the decoders of records accept the earlier format: the first start rewrites all records.
 *
 * 1: without a format record; a subscription may lack `retainHandling`. 2: with a format record.
 */
export const currentFormat = 2

/** The key of the format record. Earlier versions ignore it. */
export const formatKey = 'f:format'

/** The format of a storage that an import has not completed. */
const incomplete = 0

/** Encodes the format record. */
export function encodeFormat(format: number = currentFormat): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ format }))
}

/** Encodes the format record of a storage during an import. */
export function encodeIncompleteFormat(): Uint8Array {
  return encodeFormat(incomplete)
}

/** Decodes the format record. */
export function decodeFormat(bytes: Uint8Array): number {
  const { format } = JSON.parse(new TextDecoder().decode(bytes)) as { readonly format: number }
  if (!Number.isInteger(format)) throw new Error(`the format is ${JSON.stringify(format)}`)
  return format
}

/** Returns the error of a storage that this version cannot read; `undefined` if it can. */
export function formatFault(format: number): AntiphonError | undefined {
  if (format === incomplete)
    return new AntiphonError(
      'invalid-argument',
      'cannot open the storage: an import into it was not completed; delete it and import again',
    )
  if (format > currentFormat)
    return new AntiphonError(
      'invalid-argument',
      `cannot open the storage: it has format ${format}, which a later version wrote, and this version reads formats up to ${currentFormat}; install that version of @antiphon/broker again, or restore a backup from before the upgrade`,
    )
  return undefined
}
