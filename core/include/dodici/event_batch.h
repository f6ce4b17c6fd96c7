// What happened on a loop thread, in the flat form in which it crosses to JavaScript.
// This file is the one definition of the layout; lib/native/contract.ts mirrors it for the reader.
//
// Threads: a plain value; one thread at a time. The loop thread fills it, Mailbox hands it over.
#pragma once

#include "dodici/byte_block.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace dodici {

// Each record in EventBatch::words starts with [type, request id]; the words that follow are listed here.
// "Text" and "slab" are read in record order: each record takes its lengths from where the one before stopped.
enum class EventType : std::uint32_t {
  // [.., status, httpVersion (10, 11, 20, 30), statusTextLength, headerCount, (nameLength, valueLength)*]
  // Text: status text, then name and value of each header. Names are lower case on HTTP/2 and HTTP/3,
  // as on the wire on HTTP/1. After the 101 of an upgrade, and any final status of CONNECT, data is the tunnel's, which lasts
  // until it fails or is cancelled. Informational responses (status < 200) come as records of their own, before the final one.
  responseStart = 1,
  // [.., length] The bytes are the next `length` of the slab.
  data = 2,
  // [.., block, offset, length] The bytes are those of blocks[block] from offset on.
  dataBlock = 3,
  // [.., trailerCount, (nameLength, valueLength)*] Terminal. Text: name and value of each trailer.
  end = 4,
  // [.., Errc, detail, messageLength, socketLength] Terminal. `detail` is described at Errc.
  // Text: message; socket as "localAddress localPort remoteAddress remotePort bytesWritten bytesRead", or nothing; of a given
  // one its link, as a number.
  failed = 5,
  // [..] The request is written, body included. Only when Request::reportSent.
  requestSent = 6,
  // [.., bytes] A streamed body, or a tunnel: so many bytes more of what was written have left the queue.
  // The first one says 0, when the request is being sent on a connection: start reading the source.
  bodyWanted = 7,
  // [type, 0, originLength] A connection is ready (TLS included). Text: origin.
  connected = 8,
  // [type, 0, Errc, detail, originLength] A connection that was ready is closed. Text: origin.
  disconnected = 9,
  // [type, 0] The last record of this loop: all sockets of a destroyed client are closed.
  loopClosed = 10,
  // [..] The peer of a tunnel sends no more; what is written still goes out.
  peerEnd = 11,
  // [.., socketLength, tlsLength] The connection of a tunnel, before the head that switches to it. Text: socket, as of
  // `failed`. Of TLS, if there is any, six lines: protocol version, OpenSSL's name of the cipher, its standard name, its
  // version, what ALPN chose, an X509_V_ERR_*; behind them the peer's certificate as DER.
  tunnelSocket = 12,
  // [..] A connection is about to be made for the request, and waits for Client::connect() or refuse(), or with
  // ClientOptions::socketsAreGiven for giveSocket(). Only with one of them and ClientOptions::asksToConnect.
  connectionWanted = 13,
  // [.., trailerCount, (nameLength, valueLength)*] As `end`, but not terminal: the response is complete, and the request's body
  // is still being sent (HTTP/2). What follows are bodyWanted records, and `end` without trailers, or `failed`.
  answered = 14,
};

struct EventBatch {
  std::vector<std::uint32_t> words;
  std::string text;               // latin1
  ByteBlock slab;                 // small bodies, one after the other
  std::vector<ByteBlock> blocks;  // large ones, each handed to its receiver without a copy

  bool empty() const { return words.empty(); }

  // Ready for the next fill; keeps the capacity of words and text.
  void clear();
};

}  // namespace dodici
