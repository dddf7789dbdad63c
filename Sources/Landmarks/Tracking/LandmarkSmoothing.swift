/// The One Euro filter (Casiez, Roussel and Vogel, 2012) over the landmarks of one face: a coordinate that moves slowly is
/// smoothed much, one that moves fast little.
///
/// As `one_euro_filter.cc` and `low_pass_filter.cc` compute it: in pixels, with float32 states and arithmetic in double.
package struct LandmarkSmoothing {
    private static let minCutoff = Double(0.05 as Float)
    private static let beta = 80.0
    private static let derivativeCutoff = 1.0
    private static let initialFrequency = 30.0
    /// In pixels: a face that is smaller is not smoothed.
    private static let leastObjectSize: Float = 1e-6

    private var frequency = initialFrequency
    /// In nanoseconds.
    private var lastTime = -1
    private var isEmpty = true
    /// Of every landmark, in pixels: as it came, its derivative, and smoothed.
    private var raw = [SIMD3<Float>](repeating: SIMD3(), count: FaceMesh.landmarkCount)
    private var derivatives = [SIMD3<Float>](repeating: SIMD3(), count: FaceMesh.landmarkCount)
    private var smoothed = [SIMD3<Float>](repeating: SIMD3(), count: FaceMesh.landmarkCount)

    package init() {}

    /// The next landmarks are a new face's.
    package mutating func reset() {
        frequency = LandmarkSmoothing.initialFrequency
        lastTime = -1
        isEmpty = true
    }

    /// - Parameters:
    ///   - landmarks: 478, in fractions of the picture, which the smoothed ones replace.
    package mutating func smooth(
        _ landmarks: UnsafeMutablePointer<SIMD3<Float>>, milliseconds: Int, width: Int, height: Int
    ) {
        let scale = SIMD3(Float(width), Float(height), Float(width))
        var low = landmarks[0] * scale
        var high = low
        for index in 0..<FaceMesh.landmarkCount {
            let point = landmarks[index] * scale
            landmarks[index] = point
            low.replace(with: point, where: point .< low)
            high.replace(with: point, where: point .> high)
        }
        defer {
            for index in 0..<FaceMesh.landmarkCount { landmarks[index] /= scale }
        }
        let objectSize = ((high.x - low.x) + (high.y - low.y)) / 2
        guard !(objectSize < LandmarkSmoothing.leastObjectSize) else { return }
        let time = milliseconds * 1_000_000
        guard lastTime < time else { return }
        // A video that begins at 0 takes the initial frequency for its second frame too.
        if lastTime != 0, time != 0 { frequency = 1 / (Double(time - lastTime) * 1e-9) }
        lastTime = time
        filter(landmarks, valueScale: Double(1 / objectSize))
    }

    private mutating func filter(_ landmarks: UnsafeMutablePointer<SIMD3<Float>>, valueScale: Double) {
        guard !isEmpty else {
            for index in 0..<FaceMesh.landmarkCount {
                raw[index] = landmarks[index]
                smoothed[index] = landmarks[index]
                derivatives[index] = SIMD3()
            }
            isEmpty = false
            return
        }
        let frequency = frequency
        let period = 1 / frequency
        func share(_ cutoff: SIMD3<Double>) -> SIMD3<Float> {
            let constant = 1 / (2 * Double.pi * cutoff)
            return SIMD3<Float>(1 / (1 + constant / period))
        }
        func lowPass(_ value: SIMD3<Float>, _ share: SIMD3<Float>, _ stored: SIMD3<Float>) -> SIMD3<Float> {
            SIMD3<Float>(SIMD3<Double>(share * value) + (1 - SIMD3<Double>(share)) * SIMD3<Double>(stored))
        }
        let derivativeShare = share(SIMD3(repeating: LandmarkSmoothing.derivativeCutoff))
        for index in 0..<FaceMesh.landmarkCount {
            let point = landmarks[index]
            let change = (SIMD3<Double>(point) - SIMD3<Double>(raw[index])) * valueScale * frequency
            let derivative = lowPass(SIMD3<Float>(change), derivativeShare, derivatives[index])
            var speed = SIMD3<Double>(derivative)
            speed.replace(with: -speed, where: speed .< 0)
            let cutoff = LandmarkSmoothing.minCutoff + LandmarkSmoothing.beta * speed
            let value = lowPass(point, share(cutoff), smoothed[index])
            raw[index] = point
            derivatives[index] = derivative
            smoothed[index] = value
            landmarks[index] = value
        }
    }
}
