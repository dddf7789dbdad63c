/// The layout of a frame's kept results. Plans with equal layouts can share them.
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
