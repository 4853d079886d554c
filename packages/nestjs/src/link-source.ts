import type { Link } from '@antiphon/core'
import { invalidArgument, type OptionRules } from '@antiphon/core/link'
import { connect, type BrokerUrl, type ConnectOptions } from '@antiphon/mqtt'

/** Which link is used: a new one to `url`, or `link`. */
export interface LinkSource {
  /** The URL of the broker, such as `mqtt://localhost:1883`, or the URLs of the nodes of a cluster. */
  readonly url?: BrokerUrl
  /** Options of the connection to `url`, such as `username`. */
  readonly connection?: ConnectOptions
  /** A link of the application, in place of `url`. The application closes it. */
  readonly link?: Link
}

export const linkSourceRules: OptionRules<LinkSource> = {
  url: 'any',
  connection: 'object',
  link: 'object',
}

/** A link, and whether it is to be closed with its user. */
export interface OpenedLink {
  readonly link: Link
  readonly isOwn: boolean
}

/** Throws `invalid-argument` unless there is a URL or a link. */
export function requireSource({ url, connection, link }: LinkSource): void {
  if (url === undefined && link === undefined)
    throw invalidArgument('options.url is missing: set it to the URL of the broker, or set link')
  if (link !== undefined && (url !== undefined || connection !== undefined))
    throw invalidArgument('options.link is set, and so is url or connection: remove one of them')
}

/** Returns the link of a source: a new one for a URL. */
export function openLink(source: LinkSource): OpenedLink {
  requireSource(source)
  const { url, connection, link } = source
  // `requireSource` has found one of the two.
  return link === undefined ? { link: connect(url!, connection), isOwn: true } : { link, isOwn: false }
}
