// The events of a loop thread, in the flat form in which they cross to JavaScript. This file is the one definition of
// the layout; lib/native/contract.ts mirrors it for the reader.
//
// Threads: a plain value; one thread at a time. The loop thread fills it, Mailbox hands it over.
#pragma once

#include "dodici/byte_block.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace dodici {

// Each record in EventBatch::words starts with [type, request id]; the words that follow are listed here. "Text" and
// "slab" are read in record order: each record's part begins where that of the record before ends.
enum class EventType : std::uint32_t {
  // [.., status, httpVersion (10, 11, 20, 30), statusTextLength, headerCount, (nameLength, valueLength)*] Text: status
  // text, then name and value of each header. Names are lower case on HTTP/2 and HTTP/3, on HTTP/1 they are as on the
  // wire. After the 101 of an upgrade, or any final status of CONNECT, data belongs to the tunnel, which lasts until it
  // fails or is cancelled. Informational responses (status < 200) are records of their own before the final one.
  responseStart = 1,
  // [.., length] The bytes are the next `length` of the slab.
  data = 2,
  // [.., block, offset, length] The bytes are in blocks[block], from offset on.
  dataBlock = 3,
  // [.., trailerCount, (nameLength, valueLength)*] Terminal. Text: name and value of each trailer.
  end = 4,
  // [.., Errc, detail, messageLength, socketLength] Terminal. `detail` is described at Errc. Text: message; socket as
  // "localAddress localPort remoteAddress remotePort bytesWritten bytesRead", or empty; for a given socket its link as
  // a number.
  failed = 5,
  // [..] The request has been sent, with its body. Only if Request::reportSent.
  requestSent = 6,
  // [.., bytes] This many more bytes of a streamed body, or of a tunnel's data, have left the queue. The first one says
  // 0, when the request is being sent on a connection: start to read the source.
  bodyWanted = 7,
  // [type, 0, originLength] A connection is ready (TLS included). Text: origin.
  connected = 8,
  // [type, 0, Errc, detail, originLength] A connection that was ready is closed. Text: origin.
  disconnected = 9,
  // [type, 0] The last record of this loop: all sockets of a destroyed client are closed.
  loopClosed = 10,
  // [..] The peer of a tunnel has ended its half; writes still go out.
  peerEnd = 11,
  // [.., socketLength, tlsLength] The connection of a tunnel, before the head that switches to it. Text: socket, as in
  // `failed`. With TLS, six lines follow: protocol version, OpenSSL's name of the cipher, its standard name, its
  // version, the protocol that ALPN chose, an X509_V_ERR_*; then the peer's certificate as DER.
  tunnelSocket = 12,
  // [..] A connection is about to be made for the request. It waits for Client::connect() or refuse() if
  // ClientOptions::asksToConnect, or for giveSocket() if ClientOptions::socketsAreGiven.
  connectionWanted = 13,
  // [.., trailerCount, (nameLength, valueLength)*] As `end`, but not terminal: the response is complete, and the
  // request's body is still being sent (HTTP/2). Then bodyWanted records follow, and `end` without trailers, or
  // `failed`.
  answered = 14,
  // [..] Before responseStart: the content codings of the body are decoded here. Only with Request::decodesBody.
  decoding = 15,
  // [.., low, high] Before the end of a decoded body: its size in bytes before decoding.
  encodedSize = 16,
};

struct EventBatch {
  std::vector<std::uint32_t> words;
  std::string text;               // latin1
  ByteBlock slab;                 // small bodies, one after the other
  std::vector<ByteBlock> blocks;  // large ones, each handed to its receiver without a copy

  bool empty() const { return words.empty(); }

  // Empties the batch, but keeps the capacity of words and text.
  void clear();
};

}  // namespace dodici
