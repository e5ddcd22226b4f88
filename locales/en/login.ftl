login-title = Sign in
login-toward = To continue to { $service }
login-login = Login
login-password = Password
login-submit = Sign in
login-incorrect = The login or the password is incorrect.
login-incorrect-advice = If your school gave you a code, type it in the password field.
login-throttled-advice = Nothing is checked until then, so there is no use trying earlier. If you have forgotten your password, ask your school for a code.

code-summary = I have a code
code-where = Did your school give you a code on paper? Type it instead of a password, in the password field.
code-how = The code has three groups of four characters. It is accepted with or without hyphens, in upper or lower case.
code-then = You will then choose your new password. The code is good for nothing else.

forgotten-title = Forgotten password?
forgotten-help = Ask your school for a new code: the school office or the class teacher can give you one. Nobody will ever ask you for your password.
