trouble-status = HTTP status:
trouble-reference = Reference:
trouble-detail = For the team of the service:

invalid-request-title = The request was not understood
invalid-request-what = The service you came from sent an incomplete or wrong request. It is not your fault.
invalid-request-advice = Return to that service and start again. If it happens again, tell your school.

unknown-service-title = This service is not known here
unknown-service-what = The service you came from is not registered here, or wanted an answer at an address that is not its own.
unknown-service-advice = Do not type your password on that service. Start instead from the address your school gave you.

cookie-missing-title = Your browser lost the thread
cookie-missing-what = The cookie of this request did not come back. This happens when the page was opened in another browser, or when cookies are refused.
cookie-missing-advice = Allow cookies for this site, then start again from the service you want.

cross-site-title = This form was refused
cross-site-what = The form was not sent from a page of this site, or the page was too old.
cross-site-advice = Nothing was changed. Start again from the service you want.

not-found-title = This page does not exist
not-found-what = There is nothing at this address.
not-found-advice = Check the address, or start again from the service you want.

expired-title = The page has expired
expired-what = It was open for too long, or its request has already been answered.
expired-advice = Nothing is lost: start again from the service you want and sign in once more.

internal-title = Something went wrong
internal-what = The fault is here, not with you.
internal-advice = Try again in a few minutes. If it happens again, give your school the reference below.

unavailable-title = The service is busy
unavailable-what = Many people are signing in at once, or work is under way.
unavailable-advice = Wait a minute, then load the page again. There is nothing wrong with your password.
