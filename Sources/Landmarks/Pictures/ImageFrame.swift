public import EmotionFormer
package import EmotionFormerCore

/// A picture in memory: rows of pixels, 8 bits a channel, the top row first.
///
/// ```swift
/// let image = try ImageFrame(format: .rgb, width: 640, height: 480, bytes: pixels)
/// ```
/// A picture that someone else owns need not be copied into one: ``FaceLandmarker/detect(_:format:width:height:bytesPerRow:into:)``
/// takes its bytes where they are.
public struct ImageFrame: Sendable, Hashable {
    /// The channels of a pixel, in the order of its bytes.
    public enum Format: String, Sendable, Hashable, CaseIterable {
        /// Red, green, blue.
        case rgb
        /// Red, green, blue, and a byte that is not looked at.
        case rgba
        /// Blue, green, red, and a byte that is not looked at.
        case bgra
        /// One byte, which stands for red, green and blue.
        case gray

        public var bytesPerPixel: Int {
            switch self {
            case .rgb: 3
            case .rgba, .bgra: 4
            case .gray: 1
            }
        }
    }

    /// The most pixels in a row or column: positions in a picture have 16 bits.
    public static let largestSide = 32_766
    /// The most pixels of a picture: 256 Mi, eight times 8K.
    public static let largestPixelCount = 1 << 28

    public let format: Format
    /// In pixels.
    public let width: Int
    public let height: Int
    /// The number of bytes from the beginning of a row to that of the next.
    public let bytesPerRow: Int
    /// The rows, from the top. What follows a row's pixels is not looked at.
    public let bytes: [UInt8]

    /// - Parameters:
    ///   - bytesPerRow: the number of bytes from the beginning of a row to that of the next; if nil, the rows lie close
    ///     together.
    ///   - bytes: at least up to the last row's last pixel.
    /// - Throws: `invalidArgument` for a width or height that is not positive, and for rows that overlap; `limitExceeded`
    ///   beyond ``largestSide`` or ``largestPixelCount``; `sizeMismatch` if the bytes end before the picture does.
    public init(
        format: Format, width: Int, height: Int, bytesPerRow: Int? = nil, bytes: [UInt8]
    ) throws(EmotionFormerError) {
        do throws(Fault) {
            self.bytesPerRow = try ImageFrame.checkedBytesPerRow(
                bytesPerRow, format: format, width: width, height: height, byteCount: bytes.count)
        } catch {
            throw EmotionFormerError(error)
        }
        self.format = format
        self.width = width
        self.height = height
        self.bytes = bytes
    }

    /// - Throws: `invalidArgument`, `limitExceeded` for a size that no picture may have.
    package static func checkSize(width: Int, height: Int) throws(Fault) {
        guard width > 0, height > 0 else {
            throw Fault(
                .invalidArgument, at: "picture", "the picture has no pixels", found: "\(width) × \(height)",
                expected: "1 × 1 or more")
        }
        guard width <= largestSide, height <= largestSide, width * height <= largestPixelCount else {
            throw Fault(
                .limitExceeded, at: "picture", "the picture is too large", found: "\(width) × \(height)",
                expected: "at most \(largestSide) a side and \(largestPixelCount) pixels")
        }
    }

    /// The number of bytes from row to row.
    /// - Throws: what the initializer throws.
    static func checkedBytesPerRow(
        _ stated: Int?, format: Format, width: Int, height: Int, byteCount: Int
    ) throws(Fault) -> Int {
        try checkSize(width: width, height: height)
        let row = width * format.bytesPerPixel
        let bytesPerRow = stated ?? row
        guard bytesPerRow >= row else {
            throw Fault(
                .invalidArgument, at: "bytesPerRow", "the rows overlap", found: "\(bytesPerRow)",
                expected: "\(row) or more for \(width) pixels of format '\(format.rawValue)'")
        }
        let (rows, overflow) = bytesPerRow.multipliedReportingOverflow(by: height - 1)
        guard !overflow, rows <= Int.max - row, byteCount >= rows + row else {
            throw Fault(
                .sizeMismatch, at: "picture", "the bytes end before the picture does", found: "\(byteCount) bytes",
                expected: overflow ? nil : "\(width) × \(height) pixels in rows of \(bytesPerRow) bytes")
        }
        return bytesPerRow
    }
}
