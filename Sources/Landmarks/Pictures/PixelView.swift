package import EmotionFormerCore

/// A picture's pixels in memory that is valid while someone else keeps it; every pixel lies in it.
package struct PixelView {
    let base: UnsafePointer<UInt8>
    let format: ImageFrame.Format
    package let width: Int
    package let height: Int
    let bytesPerRow: Int

    /// - Throws: `invalidArgument`, `limitExceeded`, `sizeMismatch`, as `ImageFrame` does.
    package init(
        _ bytes: UnsafeRawBufferPointer, format: ImageFrame.Format, width: Int, height: Int, bytesPerRow: Int?
    ) throws(Fault) {
        self.bytesPerRow = try ImageFrame.checkedBytesPerRow(
            bytesPerRow, format: format, width: width, height: height, byteCount: bytes.count)
        guard let base = bytes.baseAddress else {
            throw Fault(.sizeMismatch, at: "picture", "the bytes end before the picture does", found: "0 bytes")
        }
        self.base = base.assumingMemoryBound(to: UInt8.self)
        self.format = format
        self.width = width
        self.height = height
    }
}
