// One transfer's decisions: what happened goes in, what to do comes out. No curl, no socket, no clock.
//
// Threads: a plain value.
// Owner:   Transfer, which carries the actions out.
#pragma once

#include "dodici/request.h"

#include <cstdint>

namespace dodici {

enum class Action : std::uint8_t {
  none,
  goOn,            // nothing speaks against it
  deliver,         // hand the body bytes over
  holdBody,        // return CURL_WRITEFUNC_PAUSE from the write callback
  holdAndAskRoom,  // the same, and resume it when the batcher has room again
  letFlow,         // curl_easy_pause() with what held() says now
  refuse,          // end the transfer from inside the callback
};

class TransferState {
 public:
  enum class Phase : std::uint8_t {
    waiting,    // in OriginQueue
    running,    // libcurl has it: resolving, connecting, or behind other streams
    sent,       // being written on a connection, or written; no final head yet
    receiving,  // the final head is there
    ended,      // its terminal event is out
  };

  explicit TransferState(bool mayRepeat) : mayRepeat_(mayRepeat) {}

  // The request goes to libcurl.
  void onRun() { phase_ = Phase::running; }

  // libcurl is about to write it. Called again when libcurl takes another connection for it: `repeatIsSafe` tells
  // whether the one before refused the request, rather than broke.
  Action onStarted(bool repeatIsSafe);

  Action onFinalHead();

  Action onBodyBytes(bool paused, bool hasRoom);

  // The pause wish is gone, or there is room.
  Action onMayFlow(bool paused);

  // The upload has nothing to give now; it has again.
  void onUploadEmpty() { uploadHeld_ = true; }

  Action onUploadWritten();

  // True for the first caller: the terminal event is his to send.
  bool onEnd();

  Phase phase() const { return phase_; }

  bool bodyHeld() const { return bodyHeld_; }

  bool uploadHeld() const { return uploadHeld_; }

 private:
  const bool mayRepeat_;
  Phase phase_ = Phase::waiting;
  bool bodyHeld_ = false;    // the write callback has said pause
  bool uploadHeld_ = false;  // the read callback has said pause
};

}  // namespace dodici
