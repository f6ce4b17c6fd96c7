/** What `dodici --help` prints. */
export const helpText = `Usage: dodici get URL… [options]

Downloads objects by parallel ranges, one URL after the other.

  -o, --output PATH        the file; or a folder, if it exists, ends in / or there are several URLs; - is stdout.
                           Default: the URL's last part, in the current folder
  -j, --concurrency N      ranges at a time. Default: 8
      --range-size SIZE    bytes of a range, also with K, M or G (powers of 1024). Default: 8M
      --retries N          how many times in a row a range may fail. Default: 5
      --resume             go on with the part that an earlier run with --resume has left
      --checksum ALGORITHM[:HEX]
                           sha256, md5 or crc32c; with HEX it must be that
  -H, --header 'NAME: VALUE'
                           a header of each request; may be given several times
      --proxy URI          http:, https:, socks5:; env for http_proxy, https_proxy and no_proxy; none. Default: env
      --http2              HTTP/2, if a server of https: offers it. Otherwise each range has a connection of its own
      --http3              not supported yet
      --json               one JSON object in each line of stdout
      --quiet              nothing but errors
      --help, --version

Exit codes: 0 all is whole, 1 a download failed, 2 wrong usage, 130 SIGINT, 143 SIGTERM, 129 SIGHUP.
`

/** The command was called wrongly. */
export class UsageError extends Error {
  override name = 'UsageError'
}
