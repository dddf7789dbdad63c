import EmotionFormerFiles

/// A picture that was read from a file: 8-bit red, green and blue, row 0 on top, without gaps between rows.
package struct Picture: Sendable, Equatable {
    package let width: Int
    package let height: Int
    /// height × width × 3.
    package let bytes: [UInt8]

    /// The most pixels of a picture; memory is taken for no more. 8K video has half as many.
    static let pixelLimit = 1 << 26

    /// The number of pixels, before memory is taken for them.
    /// - Throws: malformed for a side of 0, `limitExceeded` for more pixels than `pixelLimit`.
    static func pixelCount(width: Int, height: Int) throws(FileFormatError) -> Int {
        guard width > 0, height > 0 else {
            throw FileFormatError(
                at: "", "the picture has no pixels", found: "\(width) × \(height)", expected: "at least 1 × 1")
        }
        let (count, overflow) = width.multipliedReportingOverflow(by: height)
        guard !overflow, count <= pixelLimit else {
            throw FileFormatError(
                .limitExceeded, at: "", "the picture is too large", found: "\(width) × \(height)",
                expected: "at most \(pixelLimit) pixels; make it smaller")
        }
        return count
    }
}
