import EmotionFormerCore

/// One frame as a line of JSON, as `Tools/landmarks` writes it.
enum LandmarkLine {
    static func text(clip: String, frame: Int, time: Fraction, face: [SIMD3<Float>]?) -> String {
        var landmarks = "null"
        if let face, face.allSatisfy({ $0.x.isFinite && $0.y.isFinite && $0.z.isFinite }) {
            landmarks = "[\(face.map { "[\($0.x),\($0.y),\($0.z)]" }.joined(separator: ","))]"
        }
        return "{\"clip\":\(PrintedText.quotedInJSON(clip)),\"frame\":\(frame),\"time\":\(seconds(time)),"
            + "\"landmarks\":\(landmarks)}\n"
    }

    /// With six digits after the point at most.
    private static func seconds(_ time: Fraction) -> String {
        let micros = Int(clamping: (time * Fraction(1_000_000)).rounded)
        var digits = String(micros % 1_000_000)
        digits = String(repeating: "0", count: 6 - digits.count) + digits
        while digits.hasSuffix("0") { digits.removeLast() }
        return digits.isEmpty ? "\(micros / 1_000_000)" : "\(micros / 1_000_000).\(digits)"
    }
}
