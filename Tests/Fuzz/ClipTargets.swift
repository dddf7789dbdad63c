import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerTensors

@testable import EmotionFormer

extension FuzzTarget {
    static let npy = FuzzTarget(name: "npy") { bytes in
        checkTensor(bytes, Float.self)
        checkTensor(bytes, Double.self)
        checkTensor(bytes, Int64.self)
        checkTensor(bytes, Bool.self)
        guard let clips = clips(.npy, bytes) else { return false }
        do {
            let header = try NumPyHeader(bytes[...])
            let expected = PlainArray.elements(bytes, header)
            let found = clips.flatMap(\.values)
            guard PlainArray.areSame(found, expected) else { finding("npy: other elements than a plain reader's") }
        } catch {
            finding("npy: the array is read and its header is not")
        }
        return true
    }

    /// What a tensor was read from is written and read again as the same.
    private static func checkTensor<Scalar: TensorScalar>(_ bytes: [UInt8], _ type: Scalar.Type) {
        guard let tensor = try? EmotionFormerTensors.Tensor<Scalar>(numPyBytes: bytes) else { return }
        let written = tensor.numPyBytes
        guard let again = try? EmotionFormerTensors.Tensor<Scalar>(numPyBytes: written), again.shape == tensor.shape,
            again.numPyBytes == written
        else { finding("npy: another tensor after writing and reading it") }
    }

    static let npz = FuzzTarget(
        name: "npz",
        run: { clips(.npz, $0) != nil },
        mutate: { bytes, maximum, random in
            mutateBytes(&bytes, maximum: maximum)
            if random.chance(0.8) { sealArchive(&bytes) }
        })

    static let csv = FuzzTarget(name: "csv") { bytes in
        guard let clips = clips(.csv, bytes) else { return false }
        checkRewritten(clips, .csv, as: ClipText.csv)
        return true
    }

    static let jsonLines = FuzzTarget(name: "jsonl") { bytes in
        guard let clips = clips(.jsonl, bytes) else { return false }
        checkRewritten(clips, .jsonl, as: ClipText.jsonLines)
        return true
    }

    /// Models with a shape of their own, of single frames, and of one coordinate.
    private static let shapes = [
        ClipShape(ModelInput(frames: 9, features: 6, frameShape: [3, 2])),
        ClipShape(ModelInput(frames: 1, features: 4), isVector: true),
        ClipShape(ModelInput(frames: 9, features: 4, layout: .y)),
    ]

    private static func clips(_ format: ClipFormat, _ bytes: [UInt8]) -> [LandmarkClip]? {
        for shape in shapes {
            do throws(Fault) {
                _ = try format.clips(bytes, fileName: "input", shape: shape)
            } catch {
                error.checkForm()
            }
        }
        do throws(Fault) {
            return try format.clips(bytes, fileName: "input")
        } catch {
            error.checkForm()
            return nil
        }
    }

    /// What was read, written plainly and read again, is the same.
    private static func checkRewritten(
        _ clips: [LandmarkClip], _ format: ClipFormat, as text: ([LandmarkClip]) -> String
    ) {
        // Clips that share a name, or whose names were no UTF-8, become one when they are written.
        guard Set(clips.map(\.name)).count == clips.count else { return }
        // Without any face nothing says how many features a written frame has.
        guard clips.allSatisfy({ $0.missingFrames.count < $0.frameCount }) else { return }
        let written = text(clips)
        do throws(Fault) {
            let again = try format.clips(Array(written.utf8), fileName: "rewritten")
            guard again.count == clips.count, zip(again, clips).allSatisfy(isSame) else {
                finding("\(format): another clip after writing and reading it:\n\(written)")
            }
        } catch {
            finding("\(format): what was read is refused when it is written plainly: \(error)\n\(written)")
        }
    }

    private static func isSame(_ first: LandmarkClip, _ second: LandmarkClip) -> Bool {
        first.name == second.name && first.emotion == second.emotion && first.frameCount == second.frameCount
            && first.featureCount == second.featureCount && first.landmarkCount == second.landmarkCount
            && first.missingFrames == second.missingFrames && PlainArray.areSame(first.values, second.values)
    }

    /// Puts the members' true checksums into an archive's directory, as far as it can be read.
    static func sealArchive(_ bytes: inout [UInt8]) {
        guard let archive = try? ZipArchive(bytes) else { return }
        var position = 0
        for member in archive.members {
            let packed = bytes[member.range]
            guard
                let contents = member.isDeflated
                    ? try? Inflate.decode(packed, byteCount: member.byteCount) : Array(packed)
            else { return }
            while position + 46 <= bytes.count, !bytes[position...].starts(with: [0x50, 0x4B, 1, 2]) { position += 1 }
            guard position + 46 <= bytes.count else { return }
            let checksum = CRC32.checksum(contents)
            for byte in 0..<4 {
                bytes[position + 16 + byte] = UInt8(truncatingIfNeeded: checksum >> (8 * UInt32(byte)))
            }
            position += 46
        }
    }
}

/// Elements of an `npy` file, read one by one in the plainest way.
enum PlainArray {
    static func elements(_ bytes: [UInt8], _ header: NumPyHeader) -> [Float] {
        let kind = header.descriptor.dropFirst()
        guard let width = kind.last?.wholeNumberValue else { return [] }
        let extents = header.extents
        let count = extents.reduce(1, *)
        return (0..<count).map { index in
            var place = index
            if header.isFortranOrder {
                var rest = index
                var stride = count
                place = 0
                // Digits of the index, last axis first; in Fortran order the last axis has the widest stride.
                for extent in extents.reversed() {
                    stride /= extent
                    place += rest % extent * stride
                    rest /= extent
                }
            }
            var bits: UInt64 = 0
            for byte in 0..<width {
                let value = UInt64(bytes[header.byteCount + place * width + byte])
                bits |= value << UInt64(8 * (header.descriptor.first == ">" ? width - 1 - byte : byte))
            }
            return number(bits, kind.first ?? "f", width)
        }
    }

    private static func number(_ bits: UInt64, _ kind: Character, _ width: Int) -> Float {
        switch (kind, width) {
        case ("u", _): return Float(bits)
        case ("i", _):
            let shift = UInt64(64 - 8 * width)
            return Float(Int64(bitPattern: bits << shift) >> Int64(shift))
        case (_, 8): return Float(Double(bitPattern: bits))
        case (_, 4): return Float(bitPattern: UInt32(bits))
        default:
            let fraction = Float(bits & 0x3FF)
            let exponent = Int(bits >> 10 & 31)
            let sign: Float = bits >> 15 == 1 ? -1 : 1
            switch exponent {
            case 0: return sign * fraction * 0x1p-24
            case 31: return fraction == 0 ? sign * .infinity : .nan
            default: return sign * Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1024)
            }
        }
    }

    /// Equal to the bit, but for what a NaN carries.
    static func areSame(_ first: [Float], _ second: [Float]) -> Bool {
        first.count == second.count
            && zip(first, second).allSatisfy { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }
    }
}

/// Clips as a careful program would write them.
enum ClipText {
    static func csv(_ clips: [LandmarkClip]) -> String {
        let first = clips[0]
        var header: [String] = []
        if first.name != nil { header.append("video_filename") }
        if first.emotion != nil { header.append("emotion") }
        header.append("frame_num")
        for feature in 0..<first.featureCount {
            header.append(
                first.landmarkCount == nil ? "f\(feature)" : "\(["x", "y", "z"][feature % 3])_\(feature / 3)")
        }
        var text = header.joined(separator: ",") + "\n"
        for clip in clips {
            for frame in 0..<clip.frameCount {
                var cells = [clip.name, clip.emotion].compactMap { $0 }.map(quoted)
                cells.append("\(frame)")
                cells += values(clip, frame).map { $0.map { "\(Double($0))" } ?? "" }
                text += cells.joined(separator: ",") + "\r\n"
            }
        }
        return text
    }

    static func jsonLines(_ clips: [LandmarkClip]) -> String {
        var text = ""
        for clip in clips {
            for frame in 0..<clip.frameCount {
                var fields = ["\"frame\": \(frame)"]
                if let name = clip.name { fields.append("\"clip\": " + escaped(name)) }
                if let emotion = clip.emotion { fields.append("\"emotion\": " + escaped(emotion)) }
                let numbers = values(clip, frame).compactMap { $0.map { $0.isNaN ? "NaN" : "\(Double($0))" } }
                if numbers.isEmpty {
                    fields.append("\"features\": null")
                } else if clip.landmarkCount == nil {
                    fields.append("\"features\": [\(numbers.joined(separator: ", "))]")
                } else {
                    let landmarks = stride(from: 0, to: numbers.count, by: 3).map {
                        "[" + numbers[$0..<$0 + 3].joined(separator: ",") + "]"
                    }
                    fields.append("\"landmarks\": [\(landmarks.joined(separator: ", "))]")
                }
                text += "{" + fields.joined(separator: ", ") + "}\n"
            }
        }
        return text
    }

    private static func values(_ clip: LandmarkClip, _ frame: Int) -> [Float?] {
        let isMissing = clip.missingFrames.contains(frame)
        return clip.values[frame * clip.featureCount..<(frame + 1) * clip.featureCount].map { isMissing ? nil : $0 }
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
    }

    private static func escaped(_ text: String) -> String {
        let scalars = text.unicodeScalars.map { scalar in
            let digits = String(scalar.value, radix: 16)
            return scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
                ? "\\u" + String(repeating: "0", count: 4 - digits.count) + digits : String(scalar)
        }
        return "\"" + scalars.joined() + "\""
    }
}
