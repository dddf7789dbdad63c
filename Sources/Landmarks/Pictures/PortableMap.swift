package import EmotionFormerFiles

/// The binary files of Netpbm: PPM (P6, color) and PGM (P5, gray), with 8 or 16 bits a sample.
package enum PortableMap {
    /// By the letter after the P.
    enum Kind: UInt8 {
        case plainBitmap = 0x31
        case plainGray
        case plainColor
        case bitmap
        case gray
        case color
        case arbitrary

        var isRead: Bool { self == .gray || self == .color }

        var name: String {
            switch self {
            case .plainBitmap, .plainGray, .plainColor: "a Netpbm file in plain text"
            case .bitmap: "a PBM bitmap"
            case .gray: "PGM"
            case .color: "PPM"
            case .arbitrary: "PAM"
            }
        }
    }

    /// What stands before the samples.
    package struct Header: Sendable, Equatable {
        package let width: Int
        package let height: Int
        /// The sample that is white: 1 to 65535.
        package let maximum: Int
        package let isColor: Bool
        /// Where the samples begin.
        package let byteCount: Int

        package var sampleBytes: Int {
            // Sides are checked: the product cannot overflow.
            width * height * (isColor ? 3 : 1) * (maximum > 255 ? 2 : 1)
        }
    }

    static func picture(_ file: [UInt8]) throws(FileFormatError) -> Picture {
        guard let header = try header(file[...]) else {
            throw FileFormatError(
                .sizeMismatch, at: "", "the file ends within its header", found: "\(file.count) bytes")
        }
        let samples = file[header.byteCount...]
        guard samples.count >= header.sampleBytes else {
            throw FileFormatError(
                .sizeMismatch, at: "", "the picture is cut short", found: "\(samples.count) bytes of samples",
                expected: "\(header.sampleBytes) for \(header.width) × \(header.height)")
        }
        guard samples.dropFirst(header.sampleBytes).allSatisfy(isBlank) else {
            throw FileFormatError(
                .sizeMismatch, at: "", "bytes follow the picture",
                found: "\(samples.count - header.sampleBytes) bytes", expected: "one picture in a file")
        }
        return try picture(samples.prefix(header.sampleBytes), header)
    }

    /// - Parameter samples: as many as the header says.
    private static func picture(
        _ samples: ArraySlice<UInt8>, _ header: Header
    ) throws(FileFormatError) -> Picture {
        if header.isColor, header.maximum == 255 {
            return Picture(width: header.width, height: header.height, bytes: Array(samples))
        }
        // To 0 … 255, rounded to the nearest, ties to even.
        let scaled = (0...header.maximum).map { value in
            UInt8((Double(value) / Double(header.maximum) * 255).rounded(.toNearestOrEven))
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(header.width * header.height * 3)
        var place = samples.startIndex
        while place < samples.endIndex {
            var value = Int(samples[place])
            if header.maximum > 255 {
                value = value << 8 | Int(samples[place + 1])
                place += 1
            }
            place += 1
            guard value <= header.maximum else {
                throw FileFormatError(
                    at: "", "a sample is larger than the header allows", found: "\(value)",
                    expected: "at most \(header.maximum)")
            }
            bytes.append(scaled[value])
            if !header.isColor {
                bytes.append(scaled[value])
                bytes.append(scaled[value])
            }
        }
        return Picture(width: header.width, height: header.height, bytes: bytes)
    }

    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}

extension PortableMap {
    /// Reads a header that may not be there as a whole yet, as in a pipe.
    /// - Returns: nil if the bytes end within the header.
    /// - Throws: malformed for what is no header of a PPM or PGM file, `limitExceeded` for a picture or header that is
    ///   too large.
    package static func header(_ start: ArraySlice<UInt8>) throws(FileFormatError) -> Header? {
        guard start.count >= 2 else { return nil }
        guard start.first == UInt8(ascii: "P"), let kind = Kind(rawValue: start[start.startIndex + 1]), kind.isRead
        else {
            throw FileFormatError(
                at: "", "this is not a PPM or PGM picture", found: Picture.shown(start.prefix(2)), expected: "P5 or P6")
        }
        var cursor = HeaderCursor(start.dropFirst(2).prefix(HeaderCursor.limit))
        guard let width = try cursor.number("width"), let height = try cursor.number("height"),
            let maximum = try cursor.number("largest sample")
        else {
            guard start.count < HeaderCursor.limit else {
                throw FileFormatError(
                    .limitExceeded, at: "", "the header is too long", expected: "at most \(HeaderCursor.limit) bytes")
            }
            return nil
        }
        _ = try Picture.pixelCount(width: width, height: height)
        guard (1...65535).contains(maximum) else {
            throw FileFormatError(
                at: "", "the largest sample is out of range", found: "\(maximum)", expected: "1 to 65535")
        }
        return Header(
            width: width, height: height, maximum: maximum, isColor: kind == .color,
            byteCount: cursor.position - start.startIndex)
    }

    /// Numbers between blanks. A comment, from # to the end of its line, counts as that end.
    private struct HeaderCursor {
        static let limit = 1 << 16
        private let bytes: ArraySlice<UInt8>
        private(set) var position: Int

        init(_ bytes: ArraySlice<UInt8>) {
            self.bytes = bytes
            position = bytes.startIndex
        }

        /// nil at the end of the bytes.
        private mutating func next() -> UInt8? {
            guard position < bytes.endIndex else { return nil }
            defer { position += 1 }
            guard bytes[position] == UInt8(ascii: "#") else { return bytes[position] }
            while position < bytes.endIndex, bytes[position] != 0x0A, bytes[position] != 0x0D { position += 1 }
            return position < bytes.endIndex ? 0x0A : nil
        }

        /// A number and the one blank after it; nil if the bytes end before that.
        mutating func number(_ what: String) throws(FileFormatError) -> Int? {
            var value: Int?
            while let byte = next() {
                if isBlank(byte) {
                    if let value { return value }
                } else if (0x30...0x39).contains(byte) {
                    value = (value ?? 0) * 10 + Int(byte - 0x30)
                    guard value ?? 0 <= Int(Int32.max) else {
                        throw FileFormatError(
                            .limitExceeded, at: "", "the \(what) is too large", expected: "at most \(Int32.max)")
                    }
                } else {
                    throw FileFormatError(
                        at: "", "the \(what) is not a number", found: Picture.shown([byte]),
                        expected: "decimal digits")
                }
            }
            return nil
        }
    }
}
