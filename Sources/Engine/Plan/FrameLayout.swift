/// What can be kept of a frame from one run to the next. Plans with equal layouts can use each other's.
package struct FrameLayout: Sendable, Hashable {
    package struct Value: Sendable, Hashable {
        package let name: String
        /// A frame's bytes of it.
        package let byteCount: Int
    }

    package let values: [Value]
    /// Bytes that a frame needs.
    package let byteCount: Int
}
