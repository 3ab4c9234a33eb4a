"""The pooled curve by another hand: penalised logistic regression, minimised by SciPy.

    python calibration.py > ../data/calibration.json

Made with scipy 1.17.1, numpy 2.4.6. The model: log-odds = level + slope * (score - 0.6) / 0.05, level
~ N(0, 1), slope ~ N(2, 1), slope >= 0.
"""

import json

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

AT = [0.3, 0.5, 0.55, 0.6, 0.62, 0.65, 0.7, 0.9]


def fitted(scores, accepted):
    x = (np.array(scores) - 0.6) / 0.05
    y = np.array(accepted, dtype=float)

    def loss(curve):
        odds = curve[0] + curve[1] * x
        likelihood = np.logaddexp(0.0, np.where(y > 0.5, -odds, odds)).sum()
        return likelihood + 0.5 * curve[0] ** 2 + 0.5 * (curve[1] - 2.0) ** 2

    def gradient(curve):
        error = expit(curve[0] + curve[1] * x) - y
        return np.array([error.sum() + curve[0], (error * x).sum() + curve[1] - 2.0])

    found = minimize(loss, [0.0, 2.0], jac=gradient, bounds=[(None, None), (0.0, None)], method="L-BFGS-B",
                     options={"ftol": 1e-16, "gtol": 1e-12, "maxiter": 10000})
    return found.x


def main():
    generator = np.random.default_rng(17)
    cases = []
    for count, line, noise in [(0, 0.6, 0.0), (1, 0.6, 0.0), (5, 0.6, 0.02), (40, 0.66, 0.03), (400, 0.57, 0.05), (40, 0.6, 5.0)]:
        scores = [round(score, 4) for score in generator.uniform(0.4, 0.8, count)]
        accepted = [int(score + generator.normal(0.0, noise) >= line) if noise else int(score >= line) for score in scores]
        curve = fitted(scores, accepted) if count else np.array([0.0, 2.0])
        odds = curve[0] + curve[1] * (np.array(AT) - 0.6) / 0.05
        cases.append({"scores": scores, "accepted": accepted, "at": AT, "probability": expit(odds).tolist()})
    # All the wrong way round: the slope stays at 0.
    scores = [round(score, 4) for score in generator.uniform(0.4, 0.8, 60)]
    accepted = [int(score < 0.6) for score in scores]
    curve = fitted(scores, accepted)
    odds = curve[0] + curve[1] * (np.array(AT) - 0.6) / 0.05
    cases.append({"scores": scores, "accepted": accepted, "at": AT, "probability": expit(odds).tolist()})
    print(json.dumps(cases))


main()
