/// Kept results of frames, and the row of each frame.
///
/// `slots[row]` is the number of the frame that becomes row `row` of the input; a frame has `stride` bytes of `memory`.
struct KeptFrames {
    var memory: UnsafeRawPointer?
    var stride = 0
    var slots: UnsafePointer<Int>?
}
