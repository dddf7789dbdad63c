import EmotionFormerFiles

/// From filtered rows of samples to colors.
struct PNGRows {
    private let header: PNGHeader
    private let palette: [UInt8]

    init(_ header: PNGHeader, palette: [UInt8]) {
        self.header = header
        self.palette = palette
    }

    /// - Parameters:
    ///   - data: `header.dataByteCount` bytes.
    ///   - colors: height × width × 3.
    func write(_ data: [UInt8], to colors: inout [UInt8]) throws(FileFormatError) {
        var data = data
        var start = 0
        for pass in header.passes {
            let rowBytes = header.rowByteCount(pass.width)
            for row in 0..<pass.height {
                let y = pass.y + row * pass.yStep
                // The first row of a pass has none above.
                guard undo(&data, at: start, rowBytes, hasAbove: row > 0) else {
                    throw FileFormatError(
                        at: "IDAT: row \(y)", "a row's filter is unknown", found: "\(data[start])", expected: "0 to 4")
                }
                guard spread(data, at: start + 1, pass, y: y, to: &colors) else {
                    throw FileFormatError(
                        at: "IDAT: row \(y)", "a pixel has a color that the palette lacks",
                        expected: "less than \(palette.count / 3)")
                }
                start += 1 + rowBytes
            }
        }
    }

    /// Undoes a row's filter in place: section 9 of the format.
    /// - Returns: whether the filter is known.
    private func undo(_ data: inout [UInt8], at start: Int, _ rowBytes: Int, hasAbove: Bool) -> Bool {
        let step = header.filterStep
        return data.withUnsafeMutableBufferPointer { data in
            let row = start + 1
            let above = row - rowBytes - 1
            let filter = data[start]
            guard filter <= 4 else { return false }
            // Without a row above, above is 0, and what Paeth's filter predicts is the byte to the left.
            let kind = hasAbove ? filter : filter == 2 ? 0 : filter == 4 ? 1 : filter
            switch kind {
            case 1:
                var index = row + step
                while index < row + rowBytes {
                    data[index] &+= data[index - step]
                    index += 1
                }
            case 2: for index in 0..<rowBytes { data[row + index] &+= data[above + index] }
            case 3:
                for index in 0..<rowBytes {
                    let left = index < step ? 0 : Int(data[row + index - step])
                    let up = hasAbove ? Int(data[above + index]) : 0
                    data[row + index] &+= UInt8((left + up) / 2)
                }
            case 4:
                for index in 0..<rowBytes {
                    let left = index < step ? 0 : Int(data[row + index - step])
                    let corner = index < step ? 0 : Int(data[above + index - step])
                    data[row + index] &+= PNGRows.paeth(left, Int(data[above + index]), corner)
                }
            default: break
            }
            return true
        }
    }

    /// Of left, up and the corner between them the nearest to left + up − corner.
    private static func paeth(_ left: Int, _ up: Int, _ corner: Int) -> UInt8 {
        let (toLeft, toUp, toCorner) = (abs(up - corner), abs(left - corner), abs(left + up - 2 * corner))
        if toLeft <= toUp, toLeft <= toCorner { return UInt8(left) }
        return UInt8(toUp <= toCorner ? up : corner)
    }

    /// Writes a row's pixels to where they belong.
    /// - Returns: whether the palette has every color.
    private func spread(
        _ data: [UInt8], at start: Int, _ pass: PNGHeader.Pass, y: Int, to colors: inout [UInt8]
    ) -> Bool {
        let (width, color, depth) = (header.width, header.color, header.depth)
        // Of 16 bits the upper eight.
        let sampleBytes = depth == 16 ? 2 : 1
        let pixelBytes = color.channels * sampleBytes
        return data.withUnsafeBufferPointer { data in
            palette.withUnsafeBufferPointer { palette in
                colors.withUnsafeMutableBufferPointer { colors in
                    var target = (y * width + pass.x) * 3
                    for pixel in 0..<pass.width {
                        switch color {
                        case .rgb, .rgba:
                            let source = start + pixel * pixelBytes
                            colors[target] = data[source]
                            colors[target + 1] = data[source + sampleBytes]
                            colors[target + 2] = data[source + 2 * sampleBytes]
                        case .gray, .grayAlpha, .palette:
                            var value: UInt8
                            if depth >= 8 {
                                value = data[start + pixel * pixelBytes]
                            } else {
                                let bit = pixel * depth
                                let mask: UInt8 = 1 << UInt8(depth) - 1
                                value = data[start + bit / 8] >> UInt8(8 - depth - bit % 8) & mask
                                // All bits set is white.
                                if color == .gray { value *= 255 / mask }
                            }
                            if color == .palette {
                                let entry = Int(value) * 3
                                guard entry < palette.count else { return false }
                                colors[target] = palette[entry]
                                colors[target + 1] = palette[entry + 1]
                                colors[target + 2] = palette[entry + 2]
                            } else {
                                colors[target] = value
                                colors[target + 1] = value
                                colors[target + 2] = value
                            }
                        }
                        target += 3 * pass.xStep
                    }
                    return true
                }
            }
        }
    }
}
